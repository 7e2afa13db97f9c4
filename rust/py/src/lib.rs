//! Python bindings over crabtrap-core.
