"""Front ends: everything users touch.  They use nothing that a script could not use."""
