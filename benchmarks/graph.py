"""Lines over one axis as an SVG picture, for the documents."""

from __future__ import annotations

from typing import Callable, List, Mapping, Sequence, Tuple

WIDTH, HEIGHT, LEFT, RIGHT, BASE, TOP = 720, 300, 60, 700, 250, 28
COLOURS = ("#1565c0", "#c62828", "#2e7d32", "#6a1b9a")


def svg(
    title: str,
    axis: str,
    lines: Mapping[str, Sequence[Tuple[float, float]]],
    *,
    dots: bool = False,
) -> str:
    """`lines`: name → points (x, y), all from zero on; `axis`: what x is. `dots`: each point is
    marked and its value stands beside it."""
    points = [point for line in lines.values() for point in line]
    most_x = max(x for x, _ in points)
    most_y = max(y for _, y in points) * 1.3 or 1.0

    def x_of(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * value / most_x

    def y_of(value: float) -> float:
        return BASE - (BASE - TOP) * value / most_y

    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for part in range(5):
        value = most_y * part / 4
        at = y_of(value)
        made.append(f'<text x="{LEFT - 8}" y="{at + 4:.0f}" text-anchor="end">{value:.0f}</text>')
        made.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{at:.0f}" y2="{at:.0f}" stroke="#ddd"/>')
    for (name, line), colour in zip(lines.items(), COLOURS):
        made += _line(name if len(lines) > 1 else "", line, colour, x_of, y_of, dots)
    made.append(f'<text x="{LEFT}" y="16">{title}</text>')
    made.append(f'<text x="{RIGHT}" y="{BASE + 36}" text-anchor="end">{axis}</text></svg>')
    return "\n".join(made) + "\n"


def _line(
    name: str,
    line: Sequence[Tuple[float, float]],
    colour: str,
    x_of: Callable[[float], float],
    y_of: Callable[[float], float],
    dots: bool,
) -> List[str]:
    where = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
    made = [f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{where}"/>']
    for x, y in line if dots else ():
        made.append(f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>')
        made.append(
            f'<text x="{x_of(x):.1f}" y="{y_of(y) - 8:.1f}" text-anchor="middle" '
            f'fill="{colour}">{y:.0f}</text>'
        )
        made.append(f'<text x="{x_of(x):.1f}" y="{BASE + 18}" text-anchor="middle">{x:.0f}</text>')
    if name:
        x, y = line[-1]
        made.append(
            f'<text x="{x_of(x) - 12:.1f}" y="{y_of(y) - 22:.1f}" text-anchor="end" '
            f'fill="{colour}">{name}</text>'
        )
    return made
