"""The doors, over real parts and a real socket."""
