"""`make proof`: what the record promises, tried again and again with seeded tampers."""
