//! Who is at the other end of a connection, as the kernel says.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

/// `TCP_ESTABLISHED` in the tables of proc(5).
const ESTABLISHED: &str = "01";

/// Whether a user may debug through this guard: its own user or root.
pub fn is_allowed(uid: u32) -> bool {
    uid == 0 || uid == nix::unistd::geteuid().as_raw()
}

/// Finds the user that has connected a unix socket.
pub fn user_of_unix(stream: &UnixStream) -> Option<u32> {
    getsockopt(stream, PeerCredentials)
        .ok()
        .map(|peer| peer.uid())
}

/// Finds the local user that owns the other end of a TCP connection on this machine.
///
/// `None` when there is no such end: the peer is elsewhere, or has closed already.
pub fn user_of_tcp(stream: &TcpStream) -> Option<u32> {
    let (ours, theirs) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
    // An IPv6 socket may have made an IPv4 connection, and is in the other table then.
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|table| find_owner(&table, theirs, ours))
}

/// Finds the owner of the established connection from `local` to `remote` in a table.
fn find_owner(table: &str, local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let &[_, its_local, its_remote, state, _, _, _, uid, _, inode, ..] = fields.as_slice()
        else {
            return None;
        };
        // One that its process has closed belongs to nobody, and is shown as root's.
        let is_held = state == ESTABLISHED && inode != "0";
        let is_it = is_held
            && is_same(parse_address(its_local)?, local)
            && is_same(parse_address(its_remote)?, remote);
        is_it.then(|| uid.parse().ok()).flatten()
    })
}

fn is_same(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.ip().to_canonical() == b.ip().to_canonical()
}

/// Parses `0100007F:1F90`: 32-bit words in the machine's byte order, then the port.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words: Vec<[u8; 4]> = (0..address.len() / 8)
        .map(|index| address.get(index * 8..index * 8 + 8))
        .map(|word| u32::from_str_radix(word?, 16).ok().map(u32::to_ne_bytes))
        .collect::<Option<_>>()?;
    let ip = match words.as_slice() {
        [word] => IpAddr::from(*word),
        [_, _, _, _] => IpAddr::from(<[u8; 16]>::try_from(words.concat()).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n";

    fn row(state: &str, uid: u32, inode: u32) -> String {
        format!(
            "{HEAD}   0: 0100007F:1F90 0100007F:0050 {state} 00000000:00000000 00:00000000 \
             00000000  {uid}        0 {inode} 1 0\n"
        )
    }

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_owner_is_that_of_the_established_row_of_this_direction() {
        assert_eq!(
            find_owner(&row("01", 1000, 77), at(8080), at(80)),
            Some(1000)
        );
        assert_eq!(find_owner(&row("01", 1000, 77), at(80), at(8080)), None);
    }

    #[test]
    fn a_closed_connection_is_not_roots() {
        assert_eq!(find_owner(&row("06", 0, 0), at(8080), at(80)), None);
        assert_eq!(find_owner(&row("01", 0, 0), at(8080), at(80)), None);
    }

    #[test]
    fn mapped_addresses_are_read() {
        let mapped = "0000000000000000FFFF00000100007F:1F90";
        assert!(is_same(parse_address(mapped).unwrap(), at(8080)));
        assert_eq!(parse_address("nonsense"), None);
    }

    #[test]
    fn our_own_connections_are_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine may have no IPv6.
            let Ok(listener) = TcpListener::bind(address) else {
                continue;
            };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (stream, _) = listener.accept().unwrap();
            assert_eq!(
                user_of_tcp(&stream),
                Some(nix::unistd::geteuid().as_raw()),
                "{client:?}"
            );
        }
    }
}
