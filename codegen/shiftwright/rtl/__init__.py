"""Hardware components that know nothing of graphs: streams in, streams out, each with a timing model."""

from warnings import filterwarnings

from amaranth.hdl import UnusedElaboratable

# A design is a value: whoever asks for its timing or its cost and never writes it has made no mistake.
filterwarnings("ignore", category=UnusedElaboratable, module=r".*[/\\]shiftwright[/\\](rtl|ops|lower)[/\\]")
