"""How anything is fetched from the web: HTTP with limits and address checks, HTML to text."""
