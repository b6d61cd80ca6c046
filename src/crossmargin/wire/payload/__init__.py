"""Messages of five venues, read into rows that know no venue."""
