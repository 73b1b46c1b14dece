"""How a value of chatkit looks in a notebook: colours that are seen on light and on dark ground alike.

Nothing says what the ground is: JupyterLab, VS Code, Colab and marimo each tell it in their own way. So the ink is
theirs, and what is set apart is set apart by a tint. In what is given out the class stands twice, to outweigh the front
ends' own rules for tables and code; marimo takes the look of headings and lists away, so that is said too.
"""

from __future__ import annotations

CELL_STYLE = """
.chatkit { line-height: 1.5; max-width: 60rem; overflow-wrap: break-word; }
.chatkit a { color: var(--jp-content-link-color, var(--vscode-textLink-foreground, #3b82f6)); }
.chatkit h4 { font-size: 0.8em; font-weight: 600; letter-spacing: 0.04em; margin: 0 0 0.4em; opacity: 0.75; }
.chatkit .chatkit-text h4 { font-size: 1em; letter-spacing: 0; margin: 1em 0 0.4em; opacity: 1; }
.chatkit .chatkit-text :is(h1, h2, h3) { font-weight: 600; line-height: 1.3; margin: 1em 0 0.4em; }
.chatkit .chatkit-text h1 { font-size: 1.5em; }
.chatkit .chatkit-text h2 { font-size: 1.3em; }
.chatkit .chatkit-text h3 { font-size: 1.15em; }
.chatkit .chatkit-text :is(p, ul, ol) { margin: 0.5em 0; }
.chatkit ul { list-style: disc; padding-left: 1.8em; }
.chatkit ol { list-style: decimal; padding-left: 1.8em; }
.chatkit .chatkit-turn { border-left: 3px solid rgba(128, 128, 128, 0.4); margin: 0 0 0.9em;
  padding: 0.1em 0 0.1em 0.9em; }
.chatkit .chatkit-user { background: rgba(66, 133, 244, 0.1); border-color: rgba(66, 133, 244, 0.7);
  border-radius: 0 8px 8px 0; padding: 0.5em 0.9em; }
.chatkit .chatkit-assistant { border-color: rgba(38, 166, 91, 0.7); }
.chatkit .chatkit-system { border-color: rgba(150, 100, 210, 0.7); border-left-style: dashed; }
.chatkit .chatkit-turn > * + * { margin-top: 0.5em; }
.chatkit .chatkit-user p { white-space: pre-line; }
.chatkit .chatkit-text > :first-child, .chatkit details > summary + * { margin-top: 0; }
.chatkit .chatkit-text > :last-child { margin-bottom: 0; }
.chatkit details { border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 6px; margin: 0.5em 0; padding: 0 0.7em; }
.chatkit summary { cursor: pointer; font-size: 0.9em; margin: 0 -0.7em; opacity: 0.8; padding: 0.3em 0.7em; }
.chatkit details[open] > summary { border-bottom: 1px solid rgba(128, 128, 128, 0.35); margin-bottom: 0.6em; }
.chatkit details[open] { padding-bottom: 0.5em; }
.chatkit .chatkit-thinking > :not(summary) { opacity: 0.8; }
.chatkit .chatkit-error { border-color: rgba(217, 68, 60, 0.7); }
.chatkit .chatkit-broken { color: #d9443c; font-size: 0.9em; }
.chatkit code { background: rgba(128, 128, 128, 0.16); border-radius: 4px; padding: 0.1em 0.3em; }
.chatkit pre { background: rgba(128, 128, 128, 0.12); border: 0; border-radius: 6px; margin: 0.5em 0; max-height: 30em;
  overflow: auto; padding: 0.6em 0.8em; }
.chatkit pre code { background: none; padding: 0; white-space: pre; }
.chatkit details pre code { white-space: pre-wrap; }
.chatkit table { border-collapse: collapse; display: block; margin: 0.6em 0; max-width: 100%; overflow-x: auto; }
.chatkit th, .chatkit td { border-bottom: 1px solid rgba(128, 128, 128, 0.35); padding: 0.3em 0.8em; text-align: left; }
.chatkit .chatkit-right, .chatkit [align=right] { text-align: right; }
.chatkit .chatkit-center { text-align: center; }
.chatkit blockquote { border-left: 3px solid rgba(128, 128, 128, 0.4); margin: 0.5em 0; opacity: 0.85;
  padding-left: 0.9em; }
.chatkit .chatkit-image { border-radius: 6px; display: block; height: auto; max-height: 32em; max-width: 100%; }
.chatkit .chatkit-facts, .chatkit .chatkit-file { margin: 0.3em 0 0.6em; opacity: 0.7; }
.chatkit .chatkit-file { font-size: 0.85em; }
""".replace(".chatkit ", "div.chatkit.chatkit ")


def framed(inside: str) -> str:
    """HTML with the style that everything of chatkit has in a notebook.

    Args:
        inside: Safe HTML.
    """
    return f'<div class="chatkit">\n<style>{CELL_STYLE}</style>\n{inside}\n</div>'
