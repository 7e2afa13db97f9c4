"""Front ends: the command line and the console, made of what a script can use as well."""
