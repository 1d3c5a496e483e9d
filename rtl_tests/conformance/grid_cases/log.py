"""Powers of bases below two, and the decimal table."""

from rtl_tests.conformance.grid_case import GridCase

HALF_OCTAVES = (128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 2896, 4096, 5792, 8192, 11584, 16384, 23168)
QUARTER_OCTAVES = tuple(constant << octave for octave in range(8) for constant in (128, 152, 181, 215))
# 2^(10 - 7·i/15), and 2^(14 - 7·i/15) for the paper.
DECIMAL = (8, 11, 15, 21, 29, 40, 56, 77, 106, 147, 203, 281, 388, 536, 741, 1024)
PUBLISHED = (128, 177, 244, 338, 467, 645, 891, 1232, 1702, 2353, 3251, 4493, 6208, 8579, 11856, 16384)
POWERS = tuple(1 << shift for shift in range(15))

CASES = (
    GridCase(spec="log", bits=2, magnitudes=(0, 1)),
    GridCase(spec="log", bits=4, magnitudes=(0, *HALF_OCTAVES[:7])),
    GridCase(spec="log", bits=5, magnitudes=(0, *HALF_OCTAVES[:15])),
    GridCase(spec="log:fraction=3", bits=4, magnitudes=(0, 8, 11, 16, 22, 32, 44, 64)),
    GridCase(spec="log:zero=no", bits=3, magnitudes=HALF_OCTAVES[:4], zero_flag=True),
    GridCase(spec="log:zero=no", bits=5, magnitudes=HALF_OCTAVES, zero_flag=True),
    GridCase(spec="log:base=2:zero=no", bits=4, magnitudes=POWERS[:8], zero_flag=True),
    GridCase(spec="log:range=max", bits=4, magnitudes=(0, *HALF_OCTAVES[:7]), searched=False),
    GridCase(spec="log:base=root4", bits=5, magnitudes=(0, *QUARTER_OCTAVES[:15])),
    GridCase(spec="log:base=root4", bits=6, magnitudes=(0, *QUARTER_OCTAVES[:31])),
    GridCase(spec="log:base=2", bits=5, magnitudes=(0, *POWERS)),
    GridCase(spec="log:base=decimal", bits=4, magnitudes=POWERS[:8], zero_flag=True),
    GridCase(spec="log:base=decimal", bits=5, magnitudes=DECIMAL, zero_flag=True),
    GridCase(spec="log:base=decimal:zero=yes", bits=5, magnitudes=(0, *DECIMAL[1:])),
    GridCase(spec="log:base=decimal:range=max", bits=5, magnitudes=DECIMAL, searched=False, zero_flag=True),
    *(
        GridCase(
            spec="log:base=decimal:paper",
            bits=bits,
            magnitudes=magnitudes,
            nearest=False,
            searched=False,
            exact=False,
            scalable=False,  # the table is absolute
            zero_flag=True,
        )
        for bits, magnitudes in {4: POWERS[:8], 5: PUBLISHED}.items()
    ),
)
