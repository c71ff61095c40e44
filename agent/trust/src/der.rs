//! A strict reader of DER (X.690): definite, shortest lengths, low tag numbers, nothing left over. OpenSSL checks
//! signatures and chains; this reads what its safe interface does not give: extensions, one by one.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[1]` primitive: an rfc822Name among general names.
pub(crate) const RFC822_NAME: u8 = 0x81;
/// `[2]` primitive: a dNSName among general names.
pub(crate) const DNS_NAME: u8 = 0x82;

/// Not DER, or not the element that belongs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDer;

/// What is still to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn read(&mut self, tag: u8) -> Result<&'a [u8], NotDer> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(NotDer),
        }
    }

    /// As [`Reader::read`], opened for reading.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Self, NotDer> {
        self.read(tag).map(Self)
    }

    /// As [`Reader::read`], when the next element has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, NotDer> {
        if self.0.first() == Some(&tag) { self.read(tag).map(Some) } else { Ok(None) }
    }

    /// Nothing may be left.
    pub(crate) const fn finish(self) -> Result<(), NotDer> {
        if self.0.is_empty() { Ok(()) } else { Err(NotDer) }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> Result<(u8, &'a [u8]), NotDer> {
        let (&tag, rest) = self.0.split_first().ok_or(NotDer)?;
        let (&first, rest) = rest.split_first().ok_or(NotDer)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => long_length::<1>(rest, 0x80)?,
            0x82 => long_length::<2>(rest, 0x100)?,
            _ => return Err(NotDer),
        };
        // Tag number 31 announces a tag of several bytes, which no certificate of ours has.
        if tag & 0x1f == 0x1f {
            return Err(NotDer);
        }
        let (content, rest) = rest.split_at_checked(length).ok_or(NotDer)?;
        self.0 = rest;
        Ok((tag, content))
    }
}

fn long_length<const N: usize>(bytes: &[u8], least: usize) -> Result<(usize, &[u8]), NotDer> {
    let (digits, rest) = bytes.split_first_chunk::<N>().ok_or(NotDer)?;
    let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    if length < least { Err(NotDer) } else { Ok((length, rest)) }
}

/// One element: tag, length, content (up to 65535 bytes, which all of ours are).
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        length @ 0..0x80 => bytes.push(length as u8),
        length @ 0x80..0x100 => bytes.extend([0x81, length as u8]),
        length => {
            bytes.push(0x82);
            bytes.extend((length as u16).to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn elements_of_every_length_read_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 1216, 0xffff] {
            let bytes = element(OCTET_STRING, &vec![7; length]);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.read(OCTET_STRING).unwrap().len(), length);
            assert_eq!(reader.finish(), Ok(()));
        }
    }

    #[test]
    fn loose_encodings_are_refused() {
        for (what, bytes) in [
            ("nothing", &[][..]),
            ("a tag alone", &[0x04]),
            ("too short", &[0x04, 2, 1]),
            ("an indefinite length", &[0x04, 0x80, 0, 0]),
            ("a long form for a short length", &[0x04, 0x81, 1, 1]),
            ("a leading zero in the length", &[0x04, 0x82, 0, 1, 1]),
            ("a length of five bytes", &[0x04, 0x85, 0, 0, 0, 0, 1, 1]),
            ("a tag of several bytes", &[0x1f, 0x04, 0]),
            ("another tag", &[0x05, 0]),
        ] {
            assert_eq!(Reader::new(bytes).read(OCTET_STRING), Err(NotDer), "{what}");
        }
        assert_eq!(Reader::new(&[1]).finish(), Err(NotDer));
    }
}
