"""The parents and children of this application.

Every module under this package is imported by the workers, and what it decorates with `@parent`
can be started from the dashboard.
"""
