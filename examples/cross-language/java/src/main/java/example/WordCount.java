package example;

import org.apache.beam.fn.harness.ExternalWorkerService;
import org.apache.beam.model.pipeline.v1.ExternalTransforms.ExternalConfigurationPayload;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.PortablePipelineOptions;
import org.apache.beam.sdk.options.Validation;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.SchemaTranslation;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.construction.Environments;
import org.apache.beam.sdk.util.construction.External;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.ByteString;

/**
 * Counts the words of a text, with a transform of TypeScript to find them: {@code java example.WordCount --runner=PortableRunner
 * --jobEndpoint=localhost:8073 --expansion=localhost:8097 --input=TEXT --output=PREFIX}.
 */
public final class WordCount {
  /** What it is told. */
  public interface Options extends PipelineOptions {
    @Validation.Required
    String getInput();

    void setInput(String value);

    @Validation.Required
    String getOutput();

    void setOutput(String value);

    @Validation.Required
    String getExpansion();

    void setExpansion(String value);
  }

  private WordCount() {}

  public static void main(String[] args) throws Exception {
    Options options = PipelineOptionsFactory.fromArgs(args).withValidation().as(Options.class);
    // Java's functions run in this process. LOOPBACK means the same, but not before the pipeline is run, and where they run has
    // to be known when a transform of another language is expanded.
    PortablePipelineOptions portable = options.as(PortablePipelineOptions.class);
    portable.setDefaultEnvironmentType(Environments.ENVIRONMENT_EXTERNAL);
    portable.setDefaultEnvironmentConfig(
        new ExternalWorkerService(options).start().getApiServiceDescriptor().getUrl());
    Pipeline pipeline = Pipeline.create(options);
    Row configuration =
        Row.withSchema(Schema.builder().addInt64Field("minimum").build()).addValue(1L).build();
    PCollection<String> words =
        pipeline
            .apply(TextIO.read().from(options.getInput()))
            .apply("TypeScript", External.of("example:words:v1", payload(configuration), options.getExpansion()));
    words
        .apply(Count.perElement())
        .apply(
            MapElements.into(TypeDescriptors.strings())
                .via((KV<String, Long> count) -> count.getKey() + ": " + count.getValue()))
        .apply(TextIO.write().to(options.getOutput()));
    pipeline.run().waitUntilFinish();
    // Threads of the worker in this process would keep it.
    Runtime.getRuntime().halt(0);
  }

  /** A configuration as expansion services take it: a row with its schema. */
  private static byte[] payload(Row row) throws Exception {
    byte[] encoded = CoderUtils.encodeToByteArray(RowCoder.of(row.getSchema()), row);
    return ExternalConfigurationPayload.newBuilder()
        .setSchema(SchemaTranslation.schemaToProto(row.getSchema(), true))
        .setPayload(ByteString.copyFrom(encoded))
        .build()
        .toByteArray();
  }
}
