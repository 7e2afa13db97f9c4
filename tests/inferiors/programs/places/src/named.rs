//! Two types of one name.

pub mod first {
    #[derive(Debug, Clone, PartialEq)]
    pub struct Named {
        pub a: u32,
        pub b: u8,
    }
}

pub mod second {
    #[derive(Debug, Clone, PartialEq)]
    pub struct Named {
        pub text: String,
    }
}
