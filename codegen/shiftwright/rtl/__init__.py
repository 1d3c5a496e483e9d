"""Hardware components that know nothing of graphs: streams in, streams out, each with a timing model."""
