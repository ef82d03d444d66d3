use papers.darts
search dart
