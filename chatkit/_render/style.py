"""How an exported page looks: light or dark as the reader's system is, from a phone to a wide screen."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1c1e21; --faint: #667080; --line: #e2e5ea; --soft: #f5f6f8;
  --user: #eaf1fd; --user-ink: #1d4fa8; --assistant-ink: #177245; --system-ink: #7a4bb3;
  --error: #b3261e; --link: #1d4fa8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16181c; --ink: #e3e5e8; --faint: #98a1ae; --line: #31353c; --soft: #1f2227;
    --user: #1c2a42; --user-ink: #8db7ff; --assistant-ink: #6fd3a0; --system-ink: #c4a1f0;
    --error: #ff8a80; --link: #8db7ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 50rem; padding: 2.5rem 1.25rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  overflow-wrap: break-word;
}
header { border-bottom: 1px solid var(--line); margin-bottom: 2rem; padding-bottom: 1rem; }
h1, h2, h3, h4, h5, h6 { line-height: 1.3; margin: 1.4em 0 0.5em; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; } h3 { font-size: 1.1rem; } h4, h5, h6 { font-size: 1rem; }
header h1 { font-size: 1.75rem; margin: 0 0 0.35rem; }
p, ul, ol, pre, table, blockquote { margin: 0.75em 0; }
.chatkit-text > :first-child, details > summary + * { margin-top: 0; }
.chatkit-text > :last-child { margin-bottom: 0; }
a { color: var(--link); }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.5em 0; }
blockquote { border-left: 3px solid var(--line); color: var(--faint); margin-left: 0; padding-left: 1em; }
code { background: var(--soft); border-radius: 4px; font-size: 0.875em; padding: 0.15em 0.35em; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; line-height: 1.5; overflow-x: auto;
  padding: 0.8em 1em; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; display: block; max-width: 100%; overflow-x: auto; width: max-content; }
th, td { border-bottom: 1px solid var(--line); padding: 0.4em 0.9em; text-align: left; vertical-align: top; }
th { border-bottom-width: 2px; }
.chatkit-right { text-align: right; } .chatkit-center { text-align: center; }
.chatkit-turn { margin: 0 0 1.75rem; }
.chatkit-turn > h2:first-child { font-size: 0.8rem; letter-spacing: 0.04em; margin: 0 0 0.4rem; }
.chatkit-turn > * + * { margin-top: 0.75rem; }
.chatkit-turn > :last-child { margin-bottom: 0; }
.chatkit-user { background: var(--user); border-radius: 14px 14px 4px 14px; margin-left: auto; max-width: 85%;
  padding: 0.8rem 1.1rem 0.9rem; width: fit-content; }
.chatkit-user p { white-space: pre-line; }
.chatkit-user > h2:first-child { color: var(--user-ink); }
.chatkit-user code, .chatkit-user pre { background: var(--ground); }
.chatkit-assistant > h2:first-child { color: var(--assistant-ink); }
.chatkit-system { border: 1px dashed var(--line); border-radius: 10px; padding: 0.8rem 1.1rem; }
.chatkit-system > h2:first-child { color: var(--system-ink); }
.chatkit-tool > h2:first-child, .chatkit-tool + .chatkit-assistant > h2:first-child {
  clip-path: inset(50%); height: 1px; margin: 0; overflow: hidden; position: absolute; white-space: nowrap; width: 1px;
}
.chatkit-tool { margin-top: -1rem; }
.chatkit-tool, .chatkit-tool + .chatkit-assistant { margin-bottom: 1.75rem; }
.chatkit-tool + .chatkit-assistant { margin-top: -1rem; }
details { border: 1px solid var(--line); border-radius: 8px; padding: 0 0.9rem; }
details > summary { color: var(--faint); cursor: pointer; font-size: 0.9rem; margin: 0 -0.9rem;
  padding: 0.4rem 0.9rem; }
details > summary:hover { color: var(--ink); }
details[open] > summary { border-bottom: 1px solid var(--line); margin-bottom: 0.75rem; }
.chatkit-thinking { color: var(--faint); font-size: 0.95em; }
.chatkit-error > summary, .chatkit-error code, .chatkit-broken { color: var(--error); }
.chatkit-broken { font-size: 0.9rem; }
.chatkit-remarks { font-size: 0.9rem; margin: 0.75rem 0 0; overflow-wrap: anywhere; padding-left: 1.25rem; }
.chatkit-failed strong { color: var(--error); }
.chatkit-image { border: 1px solid var(--line); border-radius: 8px; display: block; height: auto; max-width: 100%; }
.chatkit-file { color: var(--faint); font-size: 0.9rem; }
.chatkit-facts { color: var(--faint); font-size: 0.8rem; margin: 0.6rem 0 0; }
@media (max-width: 36rem) {
  body { padding: 1.25rem 1rem 3rem; }
  .chatkit-user { max-width: 94%; }
  header h1 { font-size: 1.4rem; }
}
@media print {
  body { max-width: none; padding: 0; }
  pre { white-space: pre-wrap; }
  .chatkit-user { break-inside: avoid; }
}
"""
