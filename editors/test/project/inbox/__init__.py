"""An inbox that leaks in the ways that the editors are to show and to mend."""
