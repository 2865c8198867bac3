"""What a run leaves behind: outcomes, journal events and the one record that every report renders."""
