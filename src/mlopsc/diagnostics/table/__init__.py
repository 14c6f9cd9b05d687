"""Every code that mlopsc reports, one module a group; `mlopsc.diagnostics.codes` puts them together.

To add one, append a `Code` to the group's tuple: the next free number, a slug, a summary of one line, an
explanation of what is wrong and why it matters, and the smallest YAML that shows the fault and its fix.
Numbers are never reused.
"""
