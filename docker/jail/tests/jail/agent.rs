//! What the agent does all day goes on in its jail.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::pin::Pin;

use airhatch_jail::agent;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslVersion};
use openssl::x509::X509;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags, ResolveFlags, Timespec, Timestamps, fallocate,
    fchmod, fstatvfs, fsync, futimens, mkdirat, openat, openat2, renameat_with, statat, syncfs, unlinkat,
};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio_openssl::SslStream;

use crate::stage::{Place, Stage, everybody};
use crate::{Inside, Test};

pub(crate) const TESTS: &[Test] = &[("an_agent_lives_in_its_jail", || {
    for who in everybody() {
        let stage = Stage::new(who);
        fs::write(stage.place().of("outbox").join("staged"), "bytes").unwrap();
        stage.give(stage.place().root());
        stage.run("an agent's life");
    }
})];

pub(crate) const INSIDE: &[Inside] = &[("an agent's life", life)];

fn life(place: &Place) {
    let listener = UnixListener::bind(place.of("control").join("control.sock")).unwrap();
    let caller = UnixStream::connect(place.of("control").join("control.sock")).unwrap();
    let report = agent::enter(&place.agent()).unwrap();
    assert!(report.notes.is_empty(), "{report:?}");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        serves(listener, caller).await;
        speaks_tls().await;
        resolves_names().await;
        ends_when_told().await;
    });
    stores(&place.of("own"));
    lands(&place.of("inbox"));
    watches(&place.of("drop"));
    assert_eq!(fs::read_to_string(place.of("outbox").join("staged")).unwrap(), "bytes");
    assert!(!if_addrs::get_if_addrs().unwrap().is_empty());
    fs::remove_file(place.of("control").join("control.sock")).unwrap();
}

async fn serves(listener: UnixListener, mut caller: UnixStream) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::UnixListener::from_std(listener).unwrap();
    let (mut guest, _) = listener.accept().await.unwrap();
    assert_eq!(guest.peer_cred().unwrap().uid(), rustix::process::geteuid().as_raw());
    guest.write_all(b"welcome").await.unwrap();
    drop(guest);
    let mut heard = String::new();
    caller.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "welcome");
}

fn context(server: bool) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls()).unwrap();
    builder.set_min_proto_version(Some(SslVersion::TLS1_3)).unwrap();
    builder.set_groups_list("X25519MLKEM768").unwrap();
    if server {
        let key = PKey::generate_ed25519().unwrap();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::null()).unwrap();
        builder.set_certificate(&certificate.build()).unwrap();
        builder.set_private_key(&key).unwrap();
    }
    builder.build()
}

async fn speaks_tls() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = SslStream::new(Ssl::new(&context(true)).unwrap(), stream).unwrap();
        Pin::new(&mut stream).accept().await.unwrap();
        stream.write_all(b"sealed").await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    let mut stream = SslStream::new(Ssl::new(&context(false)).unwrap(), stream).unwrap();
    Pin::new(&mut stream).connect().await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"sealed");
    server.await.unwrap();
}

async fn resolves_names() {
    let found: Vec<_> = tokio::net::lookup_host("localhost:7").await.unwrap().collect();
    assert!(found.iter().any(|address| address.ip().is_loopback()), "{found:?}");
    assert!(File::open("/etc/nsswitch.conf").is_ok() || !Path::new("/etc/nsswitch.conf").exists());
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(b"?", socket.local_addr().unwrap()).await.unwrap();
    let mut letter = [0; 8];
    assert_eq!(socket.recv_from(&mut letter).await.unwrap().0, 1);
}

async fn ends_when_told() {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    kill_process(getpid(), Signal::TERM).unwrap();
    terminate.recv().await.unwrap();
}

fn stores(home: &Path) {
    let path = home.join("store");
    let store = sled::Config::new().path(&path).cache_capacity(1 << 20).open().unwrap();
    for number in 0..20_u8 {
        store.insert([number], vec![number; 100_000]).unwrap();
        store.flush().unwrap();
    }
    assert_eq!(store.len(), 20);
    drop(store);
    // The vault's way: beside the old one, on disk, over it.
    let lock = File::create(home.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    let mut file = File::create_new(home.join("vault.new")).unwrap();
    file.write_all(b"keys").unwrap();
    file.sync_all().unwrap();
    fs::rename(home.join("vault.new"), home.join("vault")).unwrap();
    File::open(home).unwrap().sync_all().unwrap();
    // Healing moves things aside, and an account that is removed leaves nothing.
    fs::rename(home.join("store/conf"), home.join("store/conf.aside")).unwrap();
    fs::create_dir_all(home.join("a/b")).unwrap();
    fs::remove_dir(home.join("a/b")).unwrap();
    fs::remove_dir_all(home.join("a")).unwrap();
}

fn lands(inbox: &Path) {
    let folder_flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let inbox = openat(CWD, inbox, folder_flags, Mode::empty()).unwrap();
    mkdirat(&inbox, ".incoming", Mode::RWXU).unwrap();
    let strictly = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let incoming = openat2(&inbox, ".incoming", folder_flags, Mode::empty(), strictly).unwrap();
    let how = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    for name in ["0", "1"] {
        let file = openat2(&incoming, name, how, Mode::RUSR | Mode::WUSR, strictly).unwrap();
        assert!(fstatvfs(&file).unwrap().f_bsize > 0);
        match fallocate(&file, FallocateFlags::KEEP_SIZE, 0, 1 << 16) {
            Ok(()) | Err(Errno::OPNOTSUPP) => {}
            Err(error) => panic!("{error}"),
        }
        rustix::io::pwrite(&file, b"photo", 0).unwrap();
        fchmod(&file, Mode::RWXU).unwrap();
        let then = Timespec { tv_sec: 1_000_000, tv_nsec: 0 };
        futimens(&file, &Timestamps { last_access: then, last_modification: then }).unwrap();
        fsync(&file).unwrap();
        syncfs(&file).unwrap();
    }
    renameat_with(&incoming, "0", &inbox, "photo", RenameFlags::NOREPLACE).unwrap();
    let taken = renameat_with(&incoming, "1", &inbox, "photo", RenameFlags::NOREPLACE);
    assert_eq!(taken, Err(Errno::EXIST));
    unlinkat(&incoming, "1", AtFlags::empty()).unwrap();
    unlinkat(&inbox, ".incoming", AtFlags::REMOVEDIR).unwrap();
    assert_eq!(statat(&inbox, "photo", AtFlags::SYMLINK_NOFOLLOW).unwrap().st_mtime, 1_000_000);
    fsync(&inbox).unwrap();
}

fn watches(drop: &Path) {
    let watcher = inotify::init(CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watcher, drop, WatchFlags::CLOSE_WRITE).unwrap();
    fs::write(drop.join("letter"), "x").unwrap();
    let mut buffer = [std::mem::MaybeUninit::uninit(); 512];
    let mut events = inotify::Reader::new(&watcher, &mut buffer);
    assert_eq!(events.next().unwrap().file_name(), Some(c"letter"));
    fs::rename(drop.join("letter"), drop.join("sent")).unwrap();
}
