"""RSS, Atom, RDF, JSON Feed and sitemaps: finding, fetching, parsing, and the child process that parses."""
