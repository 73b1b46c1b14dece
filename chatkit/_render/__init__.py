"""A conversation in other forms: text, Markdown, HTML, a notebook."""
