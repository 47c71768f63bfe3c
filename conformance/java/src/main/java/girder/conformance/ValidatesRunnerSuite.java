package girder.conformance;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Runs Beam's published ValidatesRunner tests one after the other, and writes a line of JSON when a test begins and when it has
 * ended.
 *
 * <p>System properties: {@code suite.jar}, the jar of tests; {@code suite.timeout}, seconds a test may take; {@code suite.only}, a regular expression that names must match; {@code suite.names} and {@code suite.leaveOut},
 * files with the names of the only tests to run, and of those not to run; {@code suite.shard}, as {@code 0/4}, the part of
 * the tests that this process runs. Where pipelines go is said by Beam's own property {@code beamTestPipelineOptions}.
 */
public final class ValidatesRunnerSuite {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Categories of tests that need more than a job service, with the reason. */
  private static final Map<String, String> NOT_OF_A_RUNNER =
      Map.of(
          "UsesExternalService", "needs a cross-language expansion service",
          "UsesSdkHarnessEnvironment", "looks into the container that Beam runs its workers in");

  private ValidatesRunnerSuite() {}

  public static void main(String[] args) throws Exception {
    Duration limit = Duration.ofSeconds(Long.getLong("suite.timeout", 60));
    // Lines have stdout for themselves.
    PrintStream out = System.out;
    System.setOut(System.err);
    for (SuiteTest test : chosen()) {
      write(out, Map.of("begin", test.name()));
      long begun = System.nanoTime();
      TestRun.Outcome outcome = outcomeOf(test, limit);
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("name", test.name());
      line.put("outcome", outcome.outcome());
      line.put("seconds", Math.round((System.nanoTime() - begun) / 1e6) / 1e3);
      line.put("reason", outcome.reason());
      line.put("categories", test.categories());
      write(out, line);
    }
    write(out, Map.of("end", true));
    // Threads of tests that were left behind would keep the process.
    Runtime.getRuntime().halt(0);
  }

  private static TestRun.Outcome outcomeOf(SuiteTest test, Duration limit) throws InterruptedException {
    for (String category : test.categories()) {
      if (NOT_OF_A_RUNNER.containsKey(category)) {
        return new TestRun.Outcome("skipped", NOT_OF_A_RUNNER.get(category));
      }
    }
    return TestRun.of(test, limit);
  }

  private static List<SuiteTest> chosen() throws IOException {
    Pattern only = Pattern.compile(System.getProperty("suite.only", ""));
    Set<String> names = namesIn("suite.names");
    Set<String> leaveOut = namesIn("suite.leaveOut");
    String[] shard = System.getProperty("suite.shard", "0/1").split("/");
    int of = Integer.parseInt(shard[1]);
    List<SuiteTest> matching =
        TestScanner.scan(new File(System.getProperty("suite.jar"))).stream()
            .filter(test -> only.matcher(test.name()).find())
            .filter(test -> names.isEmpty() || names.contains(test.name()))
            .toList();
    // Numbered before any is left out: each shard keeps its own when it is started again.
    return IntStream.range(0, matching.size())
        .filter(i -> i % of == Integer.parseInt(shard[0]))
        .mapToObj(matching::get)
        .filter(test -> !leaveOut.contains(test.name()))
        .toList();
  }

  private static Set<String> namesIn(String property) throws IOException {
    String file = System.getProperty(property);
    return file == null ? Set.of() : new HashSet<>(Files.readAllLines(Path.of(file)));
  }

  private static void write(OutputStream out, Map<String, ?> line) throws IOException {
    out.write((JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
