"""From scores of operations to an architecture, exactly and within counts."""
