//! Conversion of linkage names to paths as people write them.

/// Longest demangled text, in bytes: v0 names can grow exponentially.
const LONGEST: usize = 1 << 16;

/// A Rust (legacy or v0) or C++ symbol as a path without hash; others unchanged.
pub fn demangle(name: &str) -> String {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        let mut text = Limited(String::new());
        // The alternate form leaves out hashes and crate disambiguators.
        if std::fmt::write(&mut text, format_args!("{rust:#}")).is_ok() {
            return text.0;
        }
        return name.to_owned();
    }
    demangle_cpp(name).unwrap_or_else(|| name.to_owned())
}

fn demangle_cpp(name: &str) -> Option<String> {
    if !name.starts_with("_Z") {
        return None;
    }
    let options = cpp_demangle::DemangleOptions::new().recursion_limit(128);
    let symbol = cpp_demangle::Symbol::new(name).ok()?;
    let mut text = Limited(String::new());
    symbol.structured_demangle(&mut text, &options).ok()?;
    Some(text.0)
}

/// Text that refuses to grow beyond [`LONGEST`].
struct Limited(String);

impl std::fmt::Write for Limited {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        if self.0.len() + part.len() > LONGEST {
            return Err(std::fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::demangle;

    #[test]
    fn both_rust_manglings_lose_their_hashes() {
        assert_eq!(demangle("_ZN3all4main17h0123456789abcdefE"), "all::main");
        assert_eq!(
            demangle("_ZN40_$LT$all..Dog$u20$as$u20$all..Animal$GT$4name17h0123456789abcdefE"),
            "<all::Dog as all::Animal>::name"
        );
        assert_eq!(demangle("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
    }

    #[test]
    fn cpp_and_c_names() {
        assert_eq!(demangle("_ZN2ns3fooEi"), "ns::foo(int)");
        assert_eq!(demangle("main"), "main");
        assert_eq!(demangle("_Z"), "_Z");
    }
}
