"""Inside a watcher process: what turns children's words into events, and runs parents.

A parent's function runs in a thread of its own (a greenlet in a green process) behind a *frame*;
the *hub* hears the children; *hearing* turns their words into changes of the live run; the
*writer* conflates those and carries them to the store, one flight at a time; *endings* decides
how nodes end; the *rescuer* takes over what dead processes held. The *scheduler* holds the runs,
the *watcher* is all of it together.
"""

from __future__ import annotations

from inception.watching.watcher import Watcher

__all__ = ["Watcher"]
