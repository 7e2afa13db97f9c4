//! ELF and DWARF reading for crabtrap.
