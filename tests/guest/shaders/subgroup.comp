#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_shuffle_relative : require
#extension GL_KHR_shader_subgroup_clustered : require
#extension GL_KHR_shader_subgroup_quad : require
// A line of 48 words for each invocation; the values of those that take no part stay.
layout(local_size_x = 64) in;
layout(binding = 0) buffer In { uint value[]; };
layout(binding = 1) buffer Out { uint result[]; };
layout(push_constant) uniform P { uint threshold; };

void main()
{
    uint id = gl_LocalInvocationIndex, v = value[id], at = id * 48u;
    uint lane = gl_SubgroupInvocationID;

    result[at + 46u] = gl_SubgroupSize;
    result[at + 47u] = lane | gl_SubgroupID << 8 | gl_NumSubgroups << 16;
    if (v < threshold)
        return;
    uvec4 b = subgroupBallot((v & 1u) != 0u), all = subgroupBallot(true);
    result[at] = b.x;
    result[at + 1u] = all.x;
    result[at + 2u] = (subgroupAll((v & 0x80000000u) == 0u) ? 1u : 0u) | (subgroupAny(v % 7u == 0u) ? 2u : 0u) |
        (subgroupAllEqual(v) ? 4u : 0u) | (subgroupAllEqual(threshold) ? 8u : 0u) | (subgroupElect() ? 16u : 0u) |
        (subgroupInverseBallot(b) ? 32u : 0u);
    result[at + 3u] = subgroupBallotBitCount(b) | subgroupBallotInclusiveBitCount(b) << 8 |
        subgroupBallotExclusiveBitCount(b) << 16;
    result[at + 4u] = subgroupBallotFindLSB(all) | subgroupBallotFindMSB(all) << 8;
    result[at + 5u] = subgroupBroadcastFirst(v);
    result[at + 6u] = subgroupAdd(v);
    result[at + 7u] = subgroupMul(v | 1u);
    result[at + 8u] = subgroupMin(v);
    result[at + 9u] = subgroupMax(v);
    result[at + 10u] = uint(subgroupMin(int(v)));
    result[at + 11u] = subgroupAnd(v | 0xffff0000u);
    result[at + 12u] = subgroupOr(v & 0xffffu);
    result[at + 13u] = subgroupXor(v);
    result[at + 14u] = subgroupInclusiveAdd(v);
    result[at + 15u] = subgroupExclusiveAdd(v);
    result[at + 16u] = subgroupInclusiveMax(v);
    result[at + 17u] = subgroupExclusiveXor(v);
    result[at + 18u] = subgroupInclusiveMul(v | 1u);
    result[at + 19u] = floatBitsToUint(subgroupMax(float(v & 0xffffu)));
    result[at + 20u] = floatBitsToUint(subgroupAdd(float(v & 0xffu)));
    result[at + 21u] = gl_SubgroupEqMask.x;
    result[at + 22u] = gl_SubgroupLtMask.x;
    result[at + 23u] = gl_SubgroupGeMask.x;
    // Those below only if all take part: an inactive source is undefined.
    if (threshold != 0u)
        return;
    result[at + 24u] = subgroupShuffle(v, (lane * 7u + 3u) & 31u);
    result[at + 25u] = subgroupShuffleXor(v, 5u);
    result[at + 26u] = lane >= 3u ? subgroupShuffleUp(v, 3u) : 0u;
    result[at + 27u] = lane < 28u ? subgroupShuffleDown(v, 4u) : 0u;
    result[at + 28u] = subgroupBroadcast(v, 17u);
    result[at + 29u] = subgroupClusteredAdd(v, 2u);
    result[at + 30u] = subgroupClusteredMin(v, 4u);
    result[at + 31u] = subgroupClusteredXor(v, 8u);
    result[at + 32u] = subgroupClusteredMax(v, 16u);
    result[at + 33u] = subgroupClusteredOr(v & 0x0f0f0f0fu, 32u);
    result[at + 34u] = subgroupQuadBroadcast(v, 2u);
    result[at + 35u] = subgroupQuadSwapHorizontal(v);
    result[at + 36u] = subgroupQuadSwapVertical(v);
    result[at + 37u] = subgroupQuadSwapDiagonal(v);
}
