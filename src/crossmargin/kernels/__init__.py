"""Every hot loop on plain arrays behind one seam; the NumPy twin is the specification."""
