package girder.languages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;

/** Java's part of the relay: the elements of each key, numbered. */
public final class Numbered extends PTransform<PCollection<KV<String, Long>>, PCollection<KV<String, Long>>> {

  @Override
  public PCollection<KV<String, Long>> expand(PCollection<KV<String, Long>> input) {
    return input.apply("Number", ParDo.of(new Number()));
  }

  private static final class Number extends DoFn<KV<String, Long>, KV<String, Long>> {
    @StateId("count")
    private final StateSpec<ValueState<Long>> countSpec = StateSpecs.value(VarLongCoder.of());

    @ProcessElement
    public void process(
        @Element KV<String, Long> element,
        @StateId("count") ValueState<Long> count,
        OutputReceiver<KV<String, Long>> output)
        throws IOException, InterruptedException {
      mark();
      Long before = count.read();
      long now = (before == null ? 0 : before) + 1;
      count.write(now);
      output.output(KV.of(element.getKey(), now));
    }

    /** Says which process is at work, and takes its time. */
    private static void mark() throws IOException, InterruptedException {
      Path file = Path.of(System.getenv("GIRDER_RELAY"), "java");
      String line = ProcessHandle.current().pid() + "\n";
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      Thread.sleep(4);
    }
  }
}
