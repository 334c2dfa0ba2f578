"""Who may do what in which rooms until when, and the locks that refuse it."""
