"""How gates are judged: from files to a decision, one module a kind."""
