package girder.conformance;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.runner.Description;
import org.junit.runner.Request;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;
import org.junit.runner.notification.RunNotifier;

/** Runs one test, on a thread of its own that is left behind where it takes too long. */
final class TestRun {

  /** What came of a test. */
  record Outcome(String outcome, String reason) {
    static final Outcome PASSED = new Outcome("passed", "");
  }

  /** How long a test that was interrupted may take to end. */
  private static final Duration AFTER_INTERRUPT = Duration.ofSeconds(5);

  private TestRun() {}

  static Outcome of(SuiteTest test, Duration limit) throws InterruptedException {
    AtomicReference<Outcome> outcome = new AtomicReference<>(Outcome.PASSED);
    RunNotifier notifier = new RunNotifier();
    notifier.addListener(
        new RunListener() {
          @Override
          public void testFailure(Failure failure) {
            outcome.set(new Outcome("failed", reasonOf(failure.getException())));
          }

          @Override
          public void testAssumptionFailure(Failure failure) {
            outcome.set(new Outcome("skipped", String.valueOf(failure.getMessage())));
          }

          @Override
          public void testIgnored(Description description) {
            outcome.set(new Outcome("skipped", "the test is marked to be ignored"));
          }
        });
    Thread thread =
        new Thread(
            () -> {
              try {
                Request.aClass(test.type()).filterWith(test.description()).getRunner().run(notifier);
              } catch (Throwable thrown) {
                outcome.set(new Outcome("failed", reasonOf(thrown)));
              }
            },
            "test");
    thread.setDaemon(true);
    thread.start();
    thread.join(limit.toMillis());
    if (!thread.isAlive()) {
      return outcome.get();
    }
    String where = Arrays.stream(thread.getStackTrace()).limit(8).map(String::valueOf).collect(Collectors.joining("\n"));
    thread.interrupt();
    thread.join(AFTER_INTERRUPT.toMillis());
    return new Outcome("failed", "did not end within " + limit.toSeconds() + " s; it was at\n" + where);
  }

  /** What was thrown, and what it came of in the end. */
  private static String reasonOf(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root == thrown ? shortened(thrown) : shortened(thrown) + "\n" + shortened(root);
  }

  private static String shortened(Throwable thrown) {
    String text = String.valueOf(thrown);
    return text.length() <= 1000 ? text : text.substring(0, 1000) + "…";
  }
}
