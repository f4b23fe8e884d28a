"""Try the documents' open points on a real bucket, and compare them with the emulator's assumptions."""
