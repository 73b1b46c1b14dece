"""The Markdown that the offline stand-in writes when a prompt asks for some."""

import re

_WANTS = {
    "list": r"\b(?:a|the|bulleted|numbered|some) (?:\w+ )?lists?\b|\bbullet points?\b|^\W*list\b|\blist of\b",
    "table": r"\btables?\b",
    "code": r"\b(?:code|snippet|python|function that)\b",
}
_ALL = re.compile(r"\bmarkdown\b", re.IGNORECASE)

_SECTIONS = {
    "list": """## A list

- **First**, a point in bold.
- *Second*, a point in italics, with two below it:
    1. one that is numbered,
    2. and another.
- Third, a [link](https://example.com) and some `code`.
""",
    "table": """## A table

| Word | Letters | Vowels |
|:-----|--------:|-------:|
| one  |       3 |      2 |
| two  |       3 |      1 |
| three |      5 |      2 |
""",
    "code": """## Some code

```python
def greet(name: str) -> str:
    \"\"\"Return a greeting.\"\"\"
    return f"Hello, {name}!"
```
""",
}


def wants_markdown(prompt: str) -> bool:
    """Return whether `prompt` asks for a list, a table, code or Markdown."""
    return bool(_wanted(prompt))


def write_markdown(prompt: str) -> str:
    """Return a heading, a paragraph and the sections that `prompt` asks for."""
    head = "# An offline answer\n\nNo language model wrote this: it is the same *fixed* text every time.\n"
    return "\n".join([head, *(_SECTIONS[name] for name in _wanted(prompt))]).rstrip()


def _wanted(prompt: str) -> list[str]:
    if _ALL.search(prompt):
        return list(_SECTIONS)
    return [name for name, pattern in _WANTS.items() if re.search(pattern, prompt, re.IGNORECASE)]
