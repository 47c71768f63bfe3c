package girder.conformance;

import java.util.Set;
import org.junit.runner.Description;

/** A test of the suite: a method of a class, and the categories that both are marked with. */
record SuiteTest(Class<?> type, Description description, Set<String> categories) {

  String name() {
    return type.getName() + "." + description.getMethodName();
  }
}
