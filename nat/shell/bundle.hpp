#pragma once

#include <span>

#include "nat/shell/offload.hpp"

namespace stile::nat::shell {

/// How many of `packets`, from the first on, segmentation offload can carry as one: in order, of
/// one flow, and alike but for what it gives to each. At least one. Whether their checksums are
/// right is not asked: they will be.
std::size_t bundle_length(std::span<const MutableBytes> packets);

/// Makes of the first packet's headers those of a bundle of all of them: its payload and those of
/// the others follow. The checksum is left open, as is told beside the frame.
OffloadHeader write_bundle_headers(std::span<const MutableBytes> packets);

/// What a bundle takes of a packet that is not its first.
Bytes payload_in_bundle(Bytes packet);

}  // namespace stile::nat::shell
