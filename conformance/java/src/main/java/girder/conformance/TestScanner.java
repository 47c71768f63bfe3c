package girder.conformance;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.Test;
import org.junit.experimental.categories.Category;
import org.junit.runner.Description;
import org.junit.runner.Request;

/** Finds the tests of a category in a jar of tests. */
final class TestScanner {
  /** The category of Beam's tests that a runner is judged by. */
  private static final String VALIDATES_RUNNER = "ValidatesRunner";

  private TestScanner() {}

  /** In the order of their classes' names, so that every run numbers them alike. */
  static List<SuiteTest> scan(File jar) throws IOException {
    List<SuiteTest> found = new ArrayList<>();
    for (String name : classesOf(jar)) {
      try {
        Class<?> type = Class.forName(name, false, TestScanner.class.getClassLoader());
        if (mayHaveTests(type)) {
          found.addAll(testsOf(type));
        }
      } catch (LinkageError | ClassNotFoundException missing) {
        // A test of something whose jar is not on the class path: it says so, and is not of this suite.
        System.err.println(name + " cannot be loaded: " + missing);
      }
    }
    return found;
  }

  private static List<String> classesOf(File jar) throws IOException {
    try (JarFile file = new JarFile(jar)) {
      return file.stream()
          .map(JarEntry::getName)
          .filter(name -> name.startsWith("org/apache/beam/") && name.endsWith(".class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .sorted()
          .toList();
    }
  }

  /** Without JUnit's help, whose runners would initialise every class of the jar. */
  private static boolean mayHaveTests(Class<?> type) {
    if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
      return false;
    }
    List<AnnotatedElement> methods =
        Arrays.stream(type.getMethods()).filter(method -> method.isAnnotationPresent(Test.class)).map(AnnotatedElement.class::cast).toList();
    Stream<AnnotatedElement> marked = Stream.concat(methods.stream(), superclasses(type).map(AnnotatedElement.class::cast));
    return !methods.isEmpty() && marked.anyMatch(element -> categoriesOf(element).contains(VALIDATES_RUNNER));
  }

  private static List<SuiteTest> testsOf(Class<?> type) {
    Set<String> ofType = new TreeSet<>();
    superclasses(type).forEach(each -> ofType.addAll(categoriesOf(each)));
    return leaves(Request.aClass(type).getRunner().getDescription())
        .map(
            leaf -> {
              Set<String> categories = new TreeSet<>(ofType);
              categories.addAll(namesOf(leaf.getAnnotation(Category.class)));
              return new SuiteTest(type, leaf, categories);
            })
        .filter(test -> test.categories().contains(VALIDATES_RUNNER))
        .toList();
  }

  private static Stream<Description> leaves(Description description) {
    return description.isTest()
        ? Stream.of(description)
        : description.getChildren().stream().flatMap(TestScanner::leaves);
  }

  private static Stream<Class<?>> superclasses(Class<?> type) {
    return Stream.iterate(type, each -> each != null, each -> each.getSuperclass());
  }

  private static Set<String> categoriesOf(AnnotatedElement element) {
    return namesOf(element.getDeclaredAnnotation(Category.class));
  }

  /** The simple names of categories, with those that they extend. */
  private static Set<String> namesOf(Category category) {
    Set<String> names = new TreeSet<>();
    if (category != null) {
      for (Class<?> type : category.value()) {
        addWithParents(type, names);
      }
    }
    return names;
  }

  private static void addWithParents(Class<?> category, Set<String> names) {
    names.add(category.getSimpleName());
    for (Class<?> parent : category.getInterfaces()) {
      addWithParents(parent, names);
    }
  }
}
