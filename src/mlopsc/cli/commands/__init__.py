"""One module a command, each with its `app`: options in, a call, output."""
