//! One line of the log.

/// What a ship did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Arrival { berth: u8 },
    Departure,
    Inspection(String),
}

/// A ship's movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub ship: String,
    pub kind: Kind,
    /// Cargo brought (or, where negative, taken), in tons.
    pub tons: i64,
    pub remark: Option<String>,
}

/// Reads `SHIP; KIND; TONS[; REMARK]`.
///
/// # Panics
///
/// On a malformed line: the pool catches it.
pub fn parse_line(number: usize, text: &str) -> Movement {
    let fields: Vec<&str> = text.split(';').map(str::trim).collect();
    assert!(
        fields.len() >= 3,
        "line {number} has {} fields",
        fields.len()
    );
    let ship = fields[0].to_owned();
    let kind = parse_kind(fields[1]);
    let tons = parse_tons(fields[2]);
    let remark = fields.get(3).map(|field| (*field).to_owned());
    Movement {
        ship,
        kind,
        tons,
        remark,
    }
}

fn parse_kind(field: &str) -> Kind {
    let (word, rest) = field.split_once(' ').unwrap_or((field, ""));
    match word {
        "arrival" => Kind::Arrival {
            berth: rest.parse().expect("a berth is a number"),
        },
        "inspection" => Kind::Inspection(rest.to_owned()),
        _ => Kind::Departure,
    }
}

fn parse_tons(field: &str) -> i64 {
    let sign = if field.starts_with('-') { -1 } else { 1 };
    let digits = field.trim_start_matches('-');
    let tons: i64 = digits.parse().expect("a weight is a number");
    sign * tons
}
