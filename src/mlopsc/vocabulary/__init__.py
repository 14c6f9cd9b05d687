"""What can be said: frozen models shared by compile time and run time. No behaviour lives here."""
