//! The target description: `target.xml`, which names the registers in the order of their
//! numbers ("Target Descriptions" in the GDB manual, "i386 Features").

use std::fmt::Write as _;

const GENERAL: [&str; 17] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip",
];
const SEGMENTS: [&str; 6] = ["cs", "ss", "ds", "es", "fs", "gs"];
const X87: [&str; 8] = [
    "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop",
];

/// Renders the document for `qXfer:features:read:target.xml`.
#[must_use]
pub fn render(avx: bool) -> String {
    let mut xml = String::from(concat!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n",
        "<target version=\"1.0\">\n<architecture>i386:x86-64</architecture>\n",
        "<osabi>GNU/Linux</osabi>\n",
    ));
    core_feature(&mut xml);
    sse_feature(&mut xml);
    xml.push_str("<feature name=\"org.gnu.gdb.i386.linux\">\n");
    register(&mut xml, "orig_rax", 64, "int", None);
    xml.push_str("</feature>\n<feature name=\"org.gnu.gdb.i386.segments\">\n");
    register(&mut xml, "fs_base", 64, "int", None);
    register(&mut xml, "gs_base", 64, "int", None);
    xml.push_str("</feature>\n");
    if avx {
        xml.push_str("<feature name=\"org.gnu.gdb.i386.avx\">\n");
        for index in 0..16 {
            register(&mut xml, &format!("ymm{index}h"), 128, "uint128", None);
        }
        xml.push_str("</feature>\n");
    }
    xml.push_str("</target>\n");
    xml
}

fn core_feature(xml: &mut String) {
    xml.push_str(concat!(
        "<feature name=\"org.gnu.gdb.i386.core\">\n",
        "<flags id=\"i386_eflags\" size=\"4\">\n",
        "<field name=\"CF\" start=\"0\" end=\"0\"/>\n<field name=\"\" start=\"1\" end=\"1\"/>\n",
        "<field name=\"PF\" start=\"2\" end=\"2\"/>\n<field name=\"AF\" start=\"4\" end=\"4\"/>\n",
        "<field name=\"ZF\" start=\"6\" end=\"6\"/>\n<field name=\"SF\" start=\"7\" end=\"7\"/>\n",
        "<field name=\"TF\" start=\"8\" end=\"8\"/>\n<field name=\"IF\" start=\"9\" end=\"9\"/>\n",
        "<field name=\"DF\" start=\"10\" end=\"10\"/>\n<field name=\"OF\" start=\"11\" end=\"11\"/>\n",
        "<field name=\"NT\" start=\"14\" end=\"14\"/>\n<field name=\"RF\" start=\"16\" end=\"16\"/>\n",
        "<field name=\"VM\" start=\"17\" end=\"17\"/>\n<field name=\"AC\" start=\"18\" end=\"18\"/>\n",
        "<field name=\"VIF\" start=\"19\" end=\"19\"/>\n",
        "<field name=\"VIP\" start=\"20\" end=\"20\"/>\n",
        "<field name=\"ID\" start=\"21\" end=\"21\"/>\n</flags>\n",
    ));
    for name in GENERAL {
        let kind = match name {
            "rip" => "code_ptr",
            "rsp" | "rbp" => "data_ptr",
            _ => "int64",
        };
        register(xml, name, 64, kind, None);
    }
    register(xml, "eflags", 32, "i386_eflags", None);
    for name in SEGMENTS {
        register(xml, name, 32, "int32", None);
    }
    for index in 0..8 {
        register(xml, &format!("st{index}"), 80, "i387_ext", None);
    }
    for name in X87 {
        register(xml, name, 32, "int", Some("float"));
    }
    xml.push_str("</feature>\n");
}

fn sse_feature(xml: &mut String) {
    xml.push_str("<feature name=\"org.gnu.gdb.i386.sse\">\n");
    for (id, kind, count) in [
        ("v4f", "ieee_single", 4),
        ("v2d", "ieee_double", 2),
        ("v16i8", "int8", 16),
        ("v8i16", "int16", 8),
        ("v4i32", "int32", 4),
        ("v2i64", "int64", 2),
    ] {
        let _ = writeln!(
            xml,
            "<vector id=\"{id}\" type=\"{kind}\" count=\"{count}\"/>"
        );
    }
    xml.push_str("<union id=\"vec128\">\n");
    for (name, kind) in [
        ("v4_float", "v4f"),
        ("v2_double", "v2d"),
        ("v16_int8", "v16i8"),
        ("v8_int16", "v8i16"),
        ("v4_int32", "v4i32"),
        ("v2_int64", "v2i64"),
        ("uint128", "uint128"),
    ] {
        let _ = writeln!(xml, "<field name=\"{name}\" type=\"{kind}\"/>");
    }
    xml.push_str("</union>\n<flags id=\"i386_mxcsr\" size=\"4\">\n");
    for (bit, name) in [
        "IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM", "DM", "ZM", "OM", "UM", "PM",
    ]
    .iter()
    .enumerate()
    {
        let _ = writeln!(
            xml,
            "<field name=\"{name}\" start=\"{bit}\" end=\"{bit}\"/>"
        );
    }
    xml.push_str("<field name=\"FZ\" start=\"15\" end=\"15\"/>\n</flags>\n");
    for index in 0..16 {
        register(xml, &format!("xmm{index}"), 128, "vec128", None);
    }
    register(xml, "mxcsr", 32, "i386_mxcsr", Some("vector"));
    xml.push_str("</feature>\n");
}

fn register(xml: &mut String, name: &str, bits: u32, kind: &str, group: Option<&str>) {
    let _ = write!(
        xml,
        "<reg name=\"{name}\" bitsize=\"{bits}\" type=\"{kind}\""
    );
    if let Some(group) = group {
        let _ = write!(xml, " group=\"{group}\"");
    }
    xml.push_str("/>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::registers;

    #[test]
    fn every_register_is_listed_once() {
        for avx in [false, true] {
            let listed = render(avx).matches("<reg ").count();
            assert_eq!(listed, usize::from(registers::count(avx)));
        }
    }
}
