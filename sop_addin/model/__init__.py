"""What a plan is made of: tables, periods, findings. No Excel, no solver."""
