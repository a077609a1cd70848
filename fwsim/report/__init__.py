"""Events in, words out: one file a format. Nothing here knows the engine or writes anywhere by itself."""
