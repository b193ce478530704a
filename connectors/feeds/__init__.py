"""RSS, Atom and RDF feeds: fetching, parsing, and the child process that parses."""
