"""Starting: a project from a file of data, or from an example."""
