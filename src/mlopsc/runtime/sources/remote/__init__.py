"""What lies behind a URL: fetched once, from hosts that may be reached, no more bytes than allowed."""
