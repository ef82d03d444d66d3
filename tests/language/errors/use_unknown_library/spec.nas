use papers.dart
